/// The ways to learn that there are. Lines of a resolved job have the settings in this order.
enum ObjectiveRegistry {
    static let all: [any ObjectiveDescriptor] = [
        MoCoV3Descriptor(),
        SimMIMDescriptor(),
        MAEDescriptor(),
        HybridDescriptor(),
        SupervisedDescriptor(),
        FineTuningDescriptor(),
        LinearProbeDescriptor(),
    ]
}
