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
package io.longhaul.cli.files;

import io.longhaul.LonghaulException;
import io.longhaul.cli.control.ControlMessage;
import io.longhaul.cli.control.ControlMessage.FileStamp;
import io.longhaul.cli.control.Inbox;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The targets that sessions of this server are writing.
///
/// A target belongs to one copy at a time. When its client was killed, the connection lives on until its idle timeout;
/// a client that repeats the command meanwhile must not be turned away. So the earlier client is asked whether it is
/// there, and its session is ended when no answer comes.
///
/// Threading: any thread.
final class ActiveTargets {
    private static final Duration PATIENCE = Duration.ofSeconds(2);
    private static final int PATIENCE_ROUND_TRIPS = 4;
    private static final long END_SECONDS = 10;

    private final Map<Path, Entry> entries = new ConcurrentHashMap<>();

    private record Entry(Inbox inbox, CountDownLatch ended) {}

    /// A part file that is registered until it is closed.
    ///
    /// @param file the file
    /// @param onClose takes the registration back
    record Held(PartFile file, Runnable onClose) implements AutoCloseable {
        @Override
        public void close() throws IOException {
            try {
                file.close();
            } finally {
                onClose.run();
            }
        }
    }

    /// Opens the part file of a target for a session.
    ///
    /// @throws RefusalException BUSY when another copy is going on
    Held open(Path target, FileStamp stamp, Inbox inbox) throws RefusalException, IOException, InterruptedException {
        try {
            return register(new PartFile(target, stamp), target, inbox);
        } catch (RefusalException e) {
            if (e.code() != RefusalCode.BUSY || !endDeadCopy(target)) {
                throw e;
            }
        }
        return register(new PartFile(target, stamp), target, inbox);
    }

    private Held register(PartFile file, Path target, Inbox inbox) {
        final Entry entry = new Entry(inbox, new CountDownLatch(1));
        entries.put(target, entry);
        return new Held(file, () -> {
            entries.remove(target, entry);
            entry.ended().countDown();
        });
    }

    /// Ends the earlier copy to a target when its client is gone.
    ///
    /// @return true when there is none any more
    private boolean endDeadCopy(Path target) throws InterruptedException {
        final Entry earlier = entries.get(target);
        if (earlier == null || isAlive(earlier.inbox())) {
            return false;
        }
        try {
            earlier.inbox().connection().close(Duration.ZERO);
        } catch (LonghaulException e) {
            return earlier.ended().await(END_SECONDS, TimeUnit.SECONDS);
        }
        return earlier.ended().await(END_SECONDS, TimeUnit.SECONDS);
    }

    private static boolean isAlive(Inbox inbox) throws InterruptedException {
        try {
            final long roundTrips =
                    PATIENCE_ROUND_TRIPS * inbox.connection().statistics().smoothedRttNanos();
            inbox.deliver(new ControlMessage.Ping()).get(PATIENCE.toNanos() + roundTrips, TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException | ExecutionException | LonghaulException e) {
            return false;
        }
    }
}
