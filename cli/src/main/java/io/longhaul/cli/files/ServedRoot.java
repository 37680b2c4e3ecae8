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

import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/// Keeps the paths of peers below a root.
///
/// A path is a list of names. It is refused when it is absolute, has a `..`, or leads out of the root through a
/// symbolic link: the directory of a target, and a source itself, are resolved to what they really are and compared
/// with the root, and the last name is opened without following links. Peers cannot make links, so nothing changes
/// between the two.
///
/// Threading: immutable.
public final class ServedRoot {
    /// NAME_MAX of Linux, bytes.
    static final int MAX_NAME_BYTES = 255;

    private static final int MAX_PATH_BYTES = 4095;

    private final Path root;

    /// Serves what lies below a directory.
    ///
    /// @throws IOException when it does not exist, or is no directory
    public ServedRoot(Path directory) throws IOException {
        root = directory.toRealPath();
        if (!Files.isDirectory(root)) {
            throw new java.nio.file.NotDirectoryException(directory.toString());
        }
    }

    /// The real path of the root.
    public Path path() {
        return root;
    }

    /// Finds a file to read.
    ///
    /// @throws RefusalException when the path is wrong, leaves the root, or is no readable file
    Path source(String path) throws RefusalException, IOException {
        final Path wanted = below(path);
        if (wanted.equals(root)) {
            throw new RefusalException(RefusalCode.IS_DIRECTORY, "the root is a directory; name a file below it");
        }
        return real(wanted, path);
    }

    /// Finds the file that a copy shall become.
    ///
    /// @param path file, or existing directory into which the copy goes
    /// @param name name of the copy when the path is a directory
    /// @throws RefusalException when the path is wrong, leaves the root, or cannot become a file
    Path target(String path, String name) throws RefusalException, IOException {
        final Path wanted = below(path);
        final boolean wantsDirectory = path.isEmpty() || path.endsWith("/");
        if (Files.isDirectory(wanted)) {
            return LocalTarget.into(real(wanted, path), checkedName(name));
        }
        if (wantsDirectory) {
            throw Files.exists(wanted, LinkOption.NOFOLLOW_LINKS)
                    ? new RefusalException(RefusalCode.NOT_A_FILE, shown(path) + " is not a directory")
                    : new RefusalException(RefusalCode.NOT_FOUND, "there is no directory " + shown(path));
        }
        final Path parent = real(wanted.resolveSibling(""), path);
        return LocalTarget.into(parent, checkedName(wanted.getFileName().toString()));
    }

    private Path below(String path) throws RefusalException {
        if (path.startsWith("/")) {
            throw new RefusalException(
                    RefusalCode.OUTSIDE_ROOT, shown(path) + " is absolute; give the path below the server's root");
        }
        if (path.getBytes(StandardCharsets.UTF_8).length > MAX_PATH_BYTES) {
            throw new RefusalException(
                    RefusalCode.NAME_TOO_LONG, "the path is longer than " + MAX_PATH_BYTES + " bytes");
        }
        Path result = root;
        for (String name : path.split("/", -1)) {
            if (name.isEmpty() || name.equals(".")) {
                continue;
            }
            result = result.resolve(checkedName(name));
        }
        return result;
    }

    private static Path checkedName(String name) throws RefusalException {
        if (name.equals("..")) {
            throw new RefusalException(RefusalCode.OUTSIDE_ROOT, "'..' would leave the server's root");
        }
        if (name.isEmpty() || name.equals(".") || name.indexOf('\0') >= 0 || name.indexOf('/') >= 0) {
            throw new RefusalException(RefusalCode.BAD_NAME, "no file can be named " + shown(name));
        }
        if (name.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            throw new RefusalException(RefusalCode.NAME_TOO_LONG, "a name is longer than " + MAX_NAME_BYTES + " bytes");
        }
        try {
            return Path.of(name);
        } catch (InvalidPathException e) {
            throw new RefusalException(RefusalCode.BAD_NAME, "no file can be named " + shown(name), e);
        }
    }

    private Path real(Path wanted, String path) throws RefusalException, IOException {
        final Path real;
        try {
            real = wanted.toRealPath();
        } catch (NoSuchFileException e) {
            throw new RefusalException(RefusalCode.NOT_FOUND, "there is no " + shown(path), e);
        }
        if (!real.startsWith(root)) {
            throw new RefusalException(
                    RefusalCode.OUTSIDE_ROOT, shown(path) + " leads out of the server's root through a symbolic link");
        }
        return real;
    }

    private static String shown(String path) {
        return "'" + (path.length() > 200 ? path.substring(0, 200) + "..." : path) + "'";
    }
}
