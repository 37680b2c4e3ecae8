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
package io.longhaul.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A server process and the directory that it serves.
final class ServedDirectory implements AutoCloseable {
    private final CommandProcess process;
    private final Path root;
    private final int port;

    private ServedDirectory(CommandProcess process, Path root, int port) {
        this.process = process;
        this.root = root;
        this.port = port;
    }

    /// Starts a server on a port of the kernel's choice.
    static ServedDirectory start(Path directory, String... more) throws IOException {
        return start(directory, 0, more);
    }

    /// Starts a server.
    static ServedDirectory start(Path directory, int port, String... more) throws IOException {
        final Path root = Files.createDirectories(directory.resolve("root"));
        return start(List.of(), directory, root, port, more);
    }

    private static ServedDirectory start(List<String> before, Path directory, Path root, int port, String... more)
            throws IOException {
        final List<String> arguments = new ArrayList<>(
                List.of("serve", "--insecure", "--listen", "127.0.0.1:" + port, "--root", root.toString()));
        arguments.addAll(List.of(more));
        final CommandProcess process = CommandProcess.start(before, directory, arguments.toArray(String[]::new));
        try {
            return new ServedDirectory(
                    process, root, Integer.parseInt(process.awaitOutput("listening on 127\\.0\\.0\\.1:(\\d+)")));
        } catch (AssertionError e) {
            process.close();
            throw e;
        }
    }

    /// Starts a server whose root is a file system of its own of so many bytes, in a name space of its own, so
    /// that nobody else sees its files.
    static ServedDirectory startOnSmallDisk(Path directory, long bytes) throws IOException {
        final Path root = Files.createDirectories(directory.resolve("small"));
        final String mount = "mount -t tmpfs -o size=" + bytes + " tmpfs '" + root + "' && exec \"$@\"";
        return start(List.of("unshare", "-rm", "sh", "-c", mount, "sh"), directory, root, 0);
    }

    Path root() {
        return root;
    }

    int port() {
        return port;
    }

    CommandProcess process() {
        return process;
    }

    /// The name of a file of this server on a command line.
    String at(String path) {
        return "127.0.0.1:" + port + "/" + path;
    }

    @Override
    public void close() {
        process.close();
    }
}
