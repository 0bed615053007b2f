"""What a training sees: subsets, batches, augmentation."""
