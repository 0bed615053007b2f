"""Built-in plugins, registered as any third party registers theirs."""
