internal import CEL
internal import Engine

/// DESIGN's diagnosis document as JSON.
struct JSONReport: Report {
    func render(_ diagnosis: Diagnosis) -> String { jsonText(of: document(of: diagnosis)) + "\n" }
}
