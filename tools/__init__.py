"""Programs for those who build Softphone."""
