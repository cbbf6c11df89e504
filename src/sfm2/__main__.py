"""`python -m sfm2` is `sfm2`."""

from sfm2.cli import main

if __name__ == "__main__":
    main(prog_name="sfm2")
