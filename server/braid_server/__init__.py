"""The recording proxy: relay, recorder, keyring, store and control API."""
