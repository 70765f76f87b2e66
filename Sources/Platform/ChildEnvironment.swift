/// What a process that we start needs of our environment; never a secret.
public enum ChildEnvironment {
    /// Names with values.
    public static var variables: [(name: String, value: String)] {
        [
            "PATH", "HOME", "TMPDIR", "LANG", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ONEDNN_MAX_CPU_ISA",
            "OPENBLAS_CORETYPE", "VITSCOPE_LOG_FORMAT", "VITSCOPE_FAULT", "VITSCOPE_FAULT_ONCE",
        ].compactMap { name in Machine.environment(name).map { (name, $0) } }
    }
}
