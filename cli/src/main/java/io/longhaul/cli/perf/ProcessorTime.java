package io.longhaul.cli.perf;

import java.lang.management.ManagementFactory;

/// Processor time of this process.
final class ProcessorTime {
    private ProcessorTime() {}

    /// Nanoseconds that all threads used since the start, or 0 when the platform does not tell.
    static long nanos() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? Math.max(0, system.getProcessCpuTime())
                : 0;
    }
}
