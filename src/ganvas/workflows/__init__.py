"""The verbs of the road, where parts are wired together; the faces are skins over these."""
