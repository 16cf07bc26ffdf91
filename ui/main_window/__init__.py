"""The main window: line, dialling, past calls, contacts."""
