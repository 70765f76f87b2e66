import Catalogue
import Engine
import Platform
import Service

// What the service and the process count.
extension MetricsText {
    mutating func write(_ statistics: ServiceStatistics, kinds: AnalysisKinds) {
        family("vitscope_models", .gauge, "Models by state.")
        for state in ModelState.allCases {
            sample("vitscope_models", [("state", state.rawValue)], Double(statistics.modelsByState[state] ?? 0))
        }
        single("vitscope_model_bytes", .gauge, "Memory of loaded models.", Double(statistics.modelBytes))
        let caches = statistics.caches
        family("vitscope_cache_bytes", .gauge, "Memory of kept values.")
        for cache in caches { sample("vitscope_cache_bytes", [("cache", cache.name)], Double(cache.counts.bytes)) }
        family("vitscope_cache_hits_total", .counter, "Values found in a cache.")
        for cache in caches { sample("vitscope_cache_hits_total", [("cache", cache.name)], Double(cache.counts.hits)) }
        family("vitscope_cache_misses_total", .counter, "Values not found in a cache.")
        for cache in caches {
            sample("vitscope_cache_misses_total", [("cache", cache.name)], Double(cache.counts.misses))
        }
        family("vitscope_jobs", .gauge, "Training jobs by state.")
        for state in JobSchemas.states {
            sample("vitscope_jobs", [("state", state)], Double(statistics.jobsByState[state] ?? 0))
        }
        single(
            "vitscope_answer_bytes", .gauge, "Memory of large answers that clients have not taken yet.",
            Double(statistics.answerBytes))
        family("vitscope_process_deaths_total", .counter, "Processes that ended without being asked to, by kind.")
        for kind in ["compute", "parser", "worker"] {
            sample(
                "vitscope_process_deaths_total", [("kind", kind)], Double(statistics.processDeaths[kind] ?? 0))
        }
        single(
            "vitscope_compute_running", .gauge, "Analyses that compute.", Double(statistics.analysesRunning))
        single(
            "vitscope_compute_queue_depth", .gauge, "Analyses that wait for their turn.",
            Double(statistics.analysesWaiting))
        single(
            "vitscope_compute_bytes", .gauge, "Memory promised to the analyses that compute.",
            Double(statistics.analysisBytes))
        family("vitscope_analyses_total", .counter, "Finished analyses.")
        for kind in kinds.all {
            sample(
                "vitscope_analyses_total", [("analysis", kind.name)], Double(statistics.analysesFinished[kind] ?? 0)
            )
        }
        single(
            "vitscope_analyses_refused_total", .counter, "Analyses refused because the queue was full.",
            Double(statistics.analysesRefused))
        single(
            "vitscope_images_forwarded_total", .counter, "Images that went through a model.",
            Double(statistics.imagesForwarded))
        single(
            "vitscope_forward_seconds_total", .counter, "Time of forward passes.", statistics.forwardSeconds)
        single("vitscope_images_decoded_total", .counter, "Decoded images.", Double(statistics.imagesDecoded))
        single("vitscope_decode_seconds_total", .counter, "Time of decoding images.", statistics.decodeSeconds)
        if let free = statistics.dataFreeBytes {
            single(
                "vitscope_data_free_bytes", .gauge, "Room that the disk of the data directory has left.", Double(free))
        }
        single(
            "vitscope_uploaded_bytes_total", .counter, "Uploaded checkpoint bytes.", Double(statistics.uploadedBytes))
    }

    mutating func writeProcess(info: ServerInfo, connections: Int, startSeconds: Double) {
        single("vitscope_http_connections", .gauge, "Open connections.", Double(connections))
        single("process_resident_memory_bytes", .gauge, "Memory in RAM.", Double(Machine.residentBytes))
        single("process_cpu_seconds_total", .counter, "CPU time, user and system.", Machine.cpuSeconds)
        single("process_start_time_seconds", .gauge, "When the process started, since 1970.", startSeconds)
        family("vitscope_build_info", .gauge, "The version that runs.")
        sample("vitscope_build_info", [("version", info.version), ("revision", info.revision)], 1)
    }
}
