import Training

/// The settings that a training job may have, as others see them.
public enum TrainingSettings {
    /// The schema of a job's body (JSON Schema 2020-12).
    public static let schema = JobSettingList.standard.schema

    /// The methods with their defaults, and every setting with its type, range and words: what a form needs.
    public static let description = JobSettingList.standard.description
}
