"""Into every destination that the README names, with the plugins that meltano.yml names."""
