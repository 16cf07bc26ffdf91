"""From events to what stands on each screen: frozen view states, words included. No Qt, no sockets."""
