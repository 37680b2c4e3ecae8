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
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/// Where a copy comes to lie on this machine.
public final class LocalTarget {
    static final String PART_SUFFIX = ".longhaul-part";
    static final String STATE_SUFFIX = ".longhaul-state";

    private LocalTarget() {}

    /// Finds the file that a download shall become: `target` itself, or a file in it when it is a directory.
    ///
    /// @param name name of the source
    public static Path of(Path target, String name) throws RefusalException {
        final boolean wantsDirectory =
                target.toString().isEmpty() || target.toString().endsWith("/");
        if (Files.isDirectory(target)) {
            return into(target, Path.of(name));
        }
        final Path file = target.toAbsolutePath();
        final Path parent = file.getParent();
        final Path own = file.getFileName();
        if (wantsDirectory || parent == null || own == null || !Files.isDirectory(parent)) {
            throw new RefusalException(
                    RefusalCode.NOT_FOUND, "there is no directory " + (wantsDirectory ? target : parent));
        }
        return into(parent, own);
    }

    /// Checks that a name in a directory can become a copy.
    static Path into(Path directory, Path name) throws RefusalException {
        final String text = name.toString();
        if (text.endsWith(PART_SUFFIX) || text.endsWith(STATE_SUFFIX)) {
            throw new RefusalException(
                    RefusalCode.BAD_NAME, "names that end in " + PART_SUFFIX + " or " + STATE_SUFFIX + " are reserved");
        }
        if (text.getBytes(StandardCharsets.UTF_8).length > ServedRoot.MAX_NAME_BYTES) {
            throw new RefusalException(
                    RefusalCode.NAME_TOO_LONG, "the name is longer than " + ServedRoot.MAX_NAME_BYTES + " bytes");
        }
        final Path target = directory.resolve(name);
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new RefusalException(RefusalCode.IS_DIRECTORY, "'" + text + "' is a directory there");
        }
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)
                && !Files.isRegularFile(target, LinkOption.NOFOLLOW_LINKS)
                && !Files.isSymbolicLink(target)) {
            throw new RefusalException(RefusalCode.NOT_A_FILE, "'" + text + "' exists and is not a file");
        }
        return target;
    }
}
