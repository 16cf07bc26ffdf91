"""The windows: widgets that render view states and pass on what a person asks for."""
