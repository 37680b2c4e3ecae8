/*
 * Copyright the Longhaul authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License"); you may not use this file except in
 * compliance with the License. You may obtain a copy of the License at
 *
 *     https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software distributed under the License is
 * distributed on an "AS IS" BASIS, WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and limitations under the License.
 */
package io.longhaul.endpoint;

import java.lang.System.Logger.Level;
import java.util.concurrent.TimeUnit;

/// A logger that a misbehaving peer or callback cannot flood: at most 10 lines each second, and a count of what was
/// left out. A logger that fails, for want of descriptors or of memory, does not end who tells it something.
///
/// Threading: any thread.
final class RateLimitedLog {
    private static final int LINES_PER_SECOND = 10;
    private static final long SECOND_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final System.Logger logger;
    private long windowStartNanos;
    private int lines;
    private long suppressed;

    RateLimitedLog(System.Logger logger) {
        this.logger = logger;
        windowStartNanos = System.nanoTime();
    }

    /// Logs with a cause.
    void log(Level level, String text, Throwable cause) {
        final long leftOut = admit(level);
        if (leftOut >= 0) {
            write(() -> logger.log(level, suffix(text, leftOut), cause), leftOut);
        }
    }

    /// Logs.
    void log(Level level, String text) {
        final long leftOut = admit(level);
        if (leftOut >= 0) {
            write(() -> logger.log(level, suffix(text, leftOut)), leftOut);
        }
    }

    // The JDK's own loggers throw Errors where no file can be opened, and would end an agent, or a listener.
    private void write(Runnable line, long leftOut) {
        try {
            line.run();
        } catch (RuntimeException | Error e) {
            countLost(1 + leftOut);
        }
    }

    private synchronized void countLost(long count) {
        suppressed += count;
    }

    /// The number of lines left out before this one, or -1 when this one is to be left out.
    private synchronized long admit(Level level) {
        if (!logger.isLoggable(level)) {
            return -1; // and takes nobody's place
        }
        final long nowNanos = System.nanoTime();
        if (nowNanos - windowStartNanos >= SECOND_NANOS) {
            windowStartNanos = nowNanos;
            lines = 0;
        }
        if (lines >= LINES_PER_SECOND) {
            suppressed++;
            return -1;
        }
        lines++;
        final long leftOut = suppressed;
        suppressed = 0;
        return leftOut;
    }

    private static String suffix(String text, long leftOut) {
        return leftOut == 0 ? text : text + " (" + leftOut + " lines left out)";
    }
}
