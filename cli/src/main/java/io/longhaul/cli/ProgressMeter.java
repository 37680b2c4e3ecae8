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
package io.longhaul.cli;

import io.longhaul.cli.quantity.BitRate;
import io.longhaul.cli.quantity.ByteSize;
import io.longhaul.cli.quantity.TimeSpan;
import io.longhaul.cli.transfer.TransferListener;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// Shows how far a transfer is, on standard error: a bar on a terminal, a line every ten seconds elsewhere.
///
/// Threading: one thread.
final class ProgressMeter implements TransferListener {
    private static final long BAR_NANOS = 100_000_000L;
    private static final long LINE_NANOS = 10_000_000_000L;

    /// Time over which the shown rate is smoothed.
    private static final double SMOOTHING_NANOS = 3e9;

    private static final int BAR_CELLS = 24;

    private final PrintStream err;
    private final boolean bar;
    private long totalBytes;
    private long shownNanos;
    private long lastNanos = System.nanoTime();
    private long lastBytes;
    private long doneBytes;
    private double bytesPerNano;
    private boolean open;

    ProgressMeter(PrintStream err, boolean bar) {
        this.err = err;
        this.bar = bar;
        shownNanos = lastNanos;
    }

    /// True when standard error is a terminal.
    static boolean isTerminal() {
        try {
            final String target =
                    Files.readSymbolicLink(Path.of("/proc/self/fd/2")).toString();
            return target.startsWith("/dev/pts/") || target.startsWith("/dev/tty") || target.equals("/dev/console");
        } catch (IOException | UnsupportedOperationException e) {
            return false; // not on Linux: a line every ten seconds does no harm
        }
    }

    /// Sets the length of the whole.
    void total(long bytes) {
        totalBytes = bytes;
    }

    /// Bytes done up to now.
    long doneBytes() {
        return doneBytes;
    }

    /// Length of the whole, 0 when it is not known yet.
    long totalBytes() {
        return totalBytes;
    }

    @Override
    public void onPrefix(long prefixBytes) {
        clear();
        err.println("comparing " + ByteSize.format(prefixBytes) + " that an earlier try has moved");
    }

    @Override
    public void onStart(long offset) {
        lastNanos = System.nanoTime();
        shownNanos = lastNanos;
        lastBytes = offset;
        doneBytes = offset;
        if (offset > 0) {
            err.println("resuming at " + ByteSize.format(offset));
        }
    }

    @Override
    public void onProgress(long bytes) {
        doneBytes = bytes;
        final long now = System.nanoTime();
        final long elapsed = now - lastNanos;
        if (elapsed >= BAR_NANOS) {
            final double sample = (double) (bytes - lastBytes) / elapsed;
            final double weight = bytesPerNano == 0 ? 1 : 1 - Math.exp(-elapsed / SMOOTHING_NANOS);
            bytesPerNano += weight * (sample - bytesPerNano);
            lastNanos = now;
            lastBytes = bytes;
        }
        if (now - shownNanos >= (bar ? BAR_NANOS : LINE_NANOS)) {
            shownNanos = now;
            show();
        }
    }

    private void show() {
        final double share = totalBytes == 0 ? 1 : (double) doneBytes / totalBytes;
        final String left = bytesPerNano > 0 ? TimeSpan.format((totalBytes - doneBytes) / bytesPerNano) + " left" : "";
        final String text = String.format(
                Locale.ROOT,
                "%5.1f %%  %s of %s  %s  %s",
                100 * share,
                ByteSize.format(doneBytes),
                ByteSize.format(totalBytes),
                BitRate.format(8e9 * bytesPerNano),
                left);
        if (bar) {
            final int full = (int) (share * BAR_CELLS);
            err.print("\r[" + "#".repeat(full) + ".".repeat(BAR_CELLS - full) + "] " + text + "\u001b[K");
            err.flush();
            open = true;
        } else {
            err.println(text);
        }
    }

    /// Ends the bar, so that the next text starts on a line of its own.
    void clear() {
        if (open) {
            err.print("\r\u001b[K");
            err.flush();
            open = false;
        }
    }
}
