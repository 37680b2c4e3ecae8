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
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.NoSuchFileException;
import java.util.Locale;
import java.util.Objects;

/// Gives errors of the file system a code. Java keeps of most of them only the text of the C library.
final class Refusals {
    private Refusals() {}

    static RefusalCode codeOf(IOException error) {
        final String text = reason(error).toLowerCase(Locale.ROOT);
        return switch (error) {
            case NoSuchFileException _ -> RefusalCode.NOT_FOUND;
            case AccessDeniedException _ -> RefusalCode.PERMISSION_DENIED;
            case DirectoryNotEmptyException _ -> RefusalCode.IS_DIRECTORY;
            case FileSystemLoopException _ -> RefusalCode.BAD_NAME;
            default -> codeOf(text);
        };
    }

    private static RefusalCode codeOf(String text) {
        if (text.contains("no space left") || text.contains("quota exceeded")) {
            return RefusalCode.NO_SPACE;
        }
        if (text.contains("name too long")) {
            return RefusalCode.NAME_TOO_LONG;
        }
        if (text.contains("permission denied")
                || text.contains("not permitted")
                || text.contains("read-only file system")) {
            return RefusalCode.PERMISSION_DENIED;
        }
        if (text.contains("is a directory")) {
            return RefusalCode.IS_DIRECTORY;
        }
        return RefusalCode.IO_ERROR;
    }

    /// One line for people.
    static String textOf(IOException error, RefusalCode code) {
        return switch (code) {
            case NOT_FOUND -> "no such file or directory";
            case PERMISSION_DENIED -> reason(error).isEmpty() ? "permission denied" : reason(error);
            case NO_SPACE -> reason(error) + "; what has arrived is kept: make room, and repeat the command to go on";
            default -> reason(error).isEmpty() ? error.getClass().getSimpleName() : reason(error);
        };
    }

    private static String reason(IOException error) {
        if (error instanceof FileSystemException named) {
            return Objects.requireNonNullElse(named.getReason(), "");
        }
        return Objects.requireNonNullElse(error.getMessage(), "");
    }
}
