"""Sound devices as registered drivers, each with a fake beside it; notices of plugging; rings."""
