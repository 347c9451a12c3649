"""The engine: collect, settle, doubt. It knows neither HTTP nor SQL, no source and no target, only the ports."""
