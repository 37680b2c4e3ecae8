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
package io.longhaul.qlog;

import io.longhaul.ConfigurationException;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// Where the traces of an endpoint go: a file for its first connection, or a directory for all of them.
///
/// Threading: any thread opens. One daemon thread, started with the first trace, writes all files.
public final class QlogTarget implements AutoCloseable {
    /// How long events wait at most before they are written, nanoseconds.
    private static final long PAUSE_NANOS = 20_000_000;

    private static final long CLOSE_MILLIS = 5_000;
    private static final String SUFFIX = ".sqlog";

    private final System.Logger log = System.getLogger("io.longhaul");
    private final Path path;
    private final boolean directory;
    private final AtomicInteger opened = new AtomicInteger();
    private final List<QlogFile> files = new CopyOnWriteArrayList<>();
    private @Nullable Thread writer; // guarded by this
    private volatile boolean closed;

    /// Checks the target at once.
    ///
    /// @param path a directory, or a file in one
    /// @throws ConfigurationException when nothing can be written there
    public QlogTarget(Path path) {
        this.path = path;
        directory = Files.isDirectory(path);
        final Path parent = path.toAbsolutePath().getParent();
        final Path folder = directory || parent == null ? path : parent;
        if (!Files.isDirectory(folder)) {
            throw new ConfigurationException(
                    "trace=" + path + " cannot be written: there is no directory " + folder + "; create it");
        }
        if (!Files.isWritable(directory || !Files.exists(path) ? folder : path)) {
            throw new ConfigurationException(
                    "trace=" + path + " cannot be written: permission denied; choose another place");
        }
    }

    private Path next(String name) {
        final int number = opened.incrementAndGet();
        if (directory) {
            return path.resolve(name + SUFFIX);
        }
        if (number == 1) {
            return path;
        }
        final String file = String.valueOf(path.getFileName());
        final int dot = file.lastIndexOf('.');
        final String numbered =
                dot <= 0 ? file + '-' + number : file.substring(0, dot) + '-' + number + file.substring(dot);
        return path.resolveSibling(numbered);
    }

    /// Opens the trace of a connection.
    ///
    /// @param name of the file in a directory, without suffix
    /// @throws ConfigurationException when the file cannot be made
    public QlogFile open(String name, QlogFile.Head head) {
        final Path file = next(name);
        try {
            final QlogFile trace = QlogFile.buffered(file, head, QlogFile.RING_EVENTS);
            trace.wake(start());
            files.add(trace);
            return trace;
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    /// Opens the trace of a connection in virtual time; the caller closes it.
    ///
    /// @throws ConfigurationException when the file cannot be made
    public QlogFile openDirect(String name, QlogFile.Head head) {
        final Path file = next(name);
        try {
            return QlogFile.direct(file, head);
        } catch (IOException e) {
            throw failure(file, e);
        }
    }

    private static ConfigurationException failure(Path file, IOException e) {
        return new ConfigurationException(
                "trace " + file + " cannot be written: " + reason(e) + "; choose another place");
    }

    private static String reason(IOException e) {
        final String said = e instanceof FileSystemException failed ? failed.getReason() : e.getMessage();
        return said == null ? e.getClass().getSimpleName() : said;
    }

    private synchronized Thread start() {
        Thread thread = writer;
        if (thread == null) {
            thread = Thread.ofPlatform().daemon().name("longhaul-qlog").unstarted(this::run);
            writer = thread;
            thread.start();
        }
        return thread;
    }

    private void run() {
        while (!closed) {
            boolean any = false;
            for (QlogFile each : files) {
                any |= write(each);
            }
            if (!any) {
                LockSupport.parkNanos(this, PAUSE_NANOS);
            }
        }
        files.forEach(this::finish);
    }

    private boolean write(QlogFile trace) {
        if (trace.isEnded()) {
            finish(trace);
            return true;
        }
        final boolean any = trace.write();
        if (any) {
            trace.sync();
        }
        return any;
    }

    private void finish(QlogFile trace) {
        files.remove(trace);
        trace.close();
        final IOException failure = trace.failure();
        if (failure != null) {
            log.log(Level.WARNING, "the trace " + trace.path() + " ended early: " + reason(failure));
        }
    }

    /// Writes the rest and closes all files; waits for that.
    @Override
    public void close() {
        closed = true;
        final Thread thread;
        synchronized (this) {
            thread = writer;
        }
        if (thread == null) {
            return;
        }
        LockSupport.unpark(thread);
        try {
            thread.join(CLOSE_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
