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

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSourceTest {
    @TempDir
    Path directory;

    @Test
    void knowsWhatTheFileIs() throws Exception {
        final Path file = Files.writeString(directory.resolve("f"), "hello");
        Files.setPosixFilePermissions(file, FileSource.toPermissions(0751));
        try (FileSource source = new FileSource(file)) {
            assertEquals(5, source.stamp().sizeBytes());
            assertEquals(0751, source.stamp().mode());
            final ByteBuffer bytes = ByteBuffer.allocate(4);
            source.read(1, bytes);
            assertEquals(ByteBuffer.wrap("ello".getBytes(java.nio.charset.StandardCharsets.US_ASCII)), bytes.flip());
            source.finish();
        }
    }

    @Test
    void noticesThatTheFileBecameShorter() throws Exception {
        final Path file = Files.writeString(directory.resolve("f"), "hello");
        try (FileSource source = new FileSource(file)) {
            Files.writeString(file, "he");
            final RefusalException e =
                    assertThrows(RefusalException.class, () -> source.read(0, ByteBuffer.allocate(5)));
            assertEquals(RefusalCode.SOURCE_CHANGED, e.code());
        }
    }

    @Test
    void noticesThatTheFileWasTouchedOrRemoved() throws Exception {
        final Path file = Files.writeString(directory.resolve("f"), "hello");
        try (FileSource source = new FileSource(file)) {
            Files.setLastModifiedTime(file, FileTime.fromMillis(5));
            assertThrows(RefusalException.class, source::finish);
            Files.delete(file);
            assertThrows(RefusalException.class, source::finish);
        }
    }

    @Test
    void takesOnlyFiles() {
        assertEquals(
                RefusalCode.IS_DIRECTORY,
                assertThrows(RefusalException.class, () -> new FileSource(directory))
                        .code());
        assertEquals(
                RefusalCode.NOT_A_FILE,
                assertThrows(RefusalException.class, () -> new FileSource(Path.of("/dev/null")))
                        .code());
        assertThrows(NoSuchFileException.class, () -> new FileSource(directory.resolve("nothing")));
    }

    @Test
    void permissionBitsSurviveTheWayThroughASet() {
        for (int mode = 0; mode <= 0777; mode++) {
            assertEquals(mode, FileSource.toMode(FileSource.toPermissions(mode)));
        }
    }

    @Test
    void errorsOfTheFileSystemHaveCodes() {
        assertEquals(RefusalCode.NO_SPACE, code(new IOException("No space left on device")));
        assertEquals(RefusalCode.NO_SPACE, code(new IOException("Disk quota exceeded")));
        assertEquals(RefusalCode.PERMISSION_DENIED, code(new AccessDeniedException("/x")));
        assertEquals(RefusalCode.NOT_FOUND, code(new NoSuchFileException("/x")));
        assertEquals(RefusalCode.NAME_TOO_LONG, code(new FileSystemException("/x", null, "File name too long")));
        assertEquals(RefusalCode.PERMISSION_DENIED, code(new FileSystemException("/x", null, "Read-only file system")));
        assertEquals(RefusalCode.IO_ERROR, code(new IOException("Input/output error")));
        assertEquals(RefusalCode.IO_ERROR, code(new IOException()));
    }

    private static RefusalCode code(IOException e) {
        return PartFile.refusal(e, "test").code();
    }
}
