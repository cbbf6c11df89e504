"""One module or package for each command of `sfm2`. `sfm2.cli.root` lists them and imports a command when it is called."""
