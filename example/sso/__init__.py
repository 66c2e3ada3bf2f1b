"""Single logout to try: the car site as an OpenID provider, two small sites that log in at it, and a provider at which the
car site logs people in, where npm's oidc-provider is installed."""
