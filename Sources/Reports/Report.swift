package import Engine

/// One way to write a diagnosis.
package protocol Report: Sendable {
    func render(_ diagnosis: Diagnosis) -> String
}
