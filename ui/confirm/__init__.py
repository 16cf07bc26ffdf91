"""Questions before something that matters."""
