"""Media engines behind one interface. Nothing exists in an engine for anybody who was not admitted."""
