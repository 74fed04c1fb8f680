"""What a trained generator is handed on as: one file and one row per format."""

from ganvas.catalogue import Entry

MODEL_EXPORTS: dict[str, Entry] = {
    "model": Entry("ganvas.exporting.models.folder:FOLDER", "safetensors, JSON, a card and sample images"),
    "onnx": Entry("ganvas.exporting.models.onnx_file:ONNX", "one ONNX file, for other programs and languages"),
    "web": Entry("ganvas.exporting.models.web_page:WEB", "one HTML file that draws in any browser, without a network"),
    "hub": Entry(
        "ganvas.exporting.models.hub:HUB", "a repository for the Hugging Face Hub: model, ONNX, card, samples"
    ),
    "container": Entry("ganvas.exporting.models.container:CONTAINER", "a recipe for a container that serves the model"),
}
