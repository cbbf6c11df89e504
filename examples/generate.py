"""Code that goes on from a prompt. The server is the one of SFM2_API_URL, or http://localhost:8000."""

from __future__ import annotations

from sfm2 import GenerationConfig, ModelUnavailableError, SFM2Client, SFM2Error


def main() -> None:
    config = GenerationConfig(temperature=0.2, max_length=200)
    with SFM2Client() as client:
        result = client.generate("def binary_search(arr, target):", config=config, language="python")
    print(result.generated_code)
    print(f"# {result.model_used}, {result.processing_time:.2f} s, confidence {result.confidence:.2f}")


if __name__ == "__main__":
    try:
        main()
    except ModelUnavailableError as error:
        raise SystemExit(f"no model could answer, {error.fallback_model} was tried last: {error}") from error
    except SFM2Error as error:
        raise SystemExit(f"{error}\n{error.suggestion}") from error
