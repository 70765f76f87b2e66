import Platform

extension ViTScopeService {
    /// Takes the proxies out of the environment, for a command that asks a server on this machine: libraries ask the
    /// proxy even then. Only at the start of a program.
    public static func forgetProxies() {
        for name in ["http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"] {
            Machine.forgetVariable(name)
        }
    }
}
