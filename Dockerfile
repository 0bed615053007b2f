# syntax=docker/dockerfile:1
# CPU:  docker build -t harness .
# CUDA: docker build -t harness --build-arg BASE=nvidia/cuda:12.8.1-cudnn-runtime-ubuntu24.04 .
ARG BASE=ubuntu:24.04

FROM ${BASE} AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update \
    && apt-get install -y --no-install-recommends \
       build-essential python3 python3-dev python3-venv
# From the index of PyTorch: the CPU build, or that of the CUDA version of BASE.
ARG TORCH_INDEX=https://download.pytorch.org/whl/cpu
RUN python3 -m venv /opt/harness
COPY constraints.txt /src/
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/harness/bin/python -m pip install -c /src/constraints.txt \
       --index-url "${TORCH_INDEX}" --extra-index-url https://pypi.org/simple torch
COPY . /src
RUN --mount=type=cache,target=/root/.cache/pip \
    /opt/harness/bin/python -m pip install -c /src/constraints.txt /src

FROM ${BASE}
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# hadolint ignore=DL3008
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \
    --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean \
    && apt-get update \
    && apt-get install -y --no-install-recommends python3 \
    && useradd --create-home --uid 10001 harness \
    && mkdir -p /data /study \
    && chown harness:harness /data /study
COPY --from=build /opt/harness /opt/harness
ENV PATH=/opt/harness/bin:$PATH \
    HARNESS_HOME=/data \
    PYTHONUNBUFFERED=1
USER 10001
WORKDIR /study
VOLUME ["/data", "/study"]
ENTRYPOINT ["harness"]
CMD ["--help"]
