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
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.longhaul.cli.control.ControlMessage.FileStamp;
import io.longhaul.cli.control.RefusalCode;
import io.longhaul.cli.control.RefusalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartFileTest {
    private static final FileStamp STAMP = new FileStamp(10, 1_600_000_000L, 500, 0640);

    @TempDir
    Path directory;

    private Path target;

    @BeforeEach
    void nameTarget() {
        target = directory.resolve("file");
    }

    @Test
    void becomesTheTargetWithModeAndTime() throws Exception {
        try (PartFile part = new PartFile(target, STAMP)) {
            part.write(0, bytes("01234"));
            part.write(5, bytes("56789"));
            assertFalse(Files.exists(target));
            part.commit();
        }
        assertEquals("0123456789", Files.readString(target));
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(target)));
        assertEquals(
                1_600_000_000L, Files.getLastModifiedTime(target).toInstant().getEpochSecond());
        assertEquals(500, Files.getLastModifiedTime(target).toInstant().getNano());
        assertEquals(1, count());
    }

    @Test
    void keepsWhatHasArrivedForTheSameSource() throws Exception {
        leave("01234");
        try (PartFile part = new PartFile(target, STAMP)) {
            assertEquals(5, part.resumeBytes());
            final ByteBuffer held = ByteBuffer.allocate(5);
            part.readBack(0, held);
            assertEquals(bytes("01234"), held.flip());
            part.write(5, bytes("56789"));
            part.commit();
        }
        assertEquals("0123456789", Files.readString(target));
    }

    @Test
    void startsAnewForAnotherSource() throws Exception {
        leave("01234");
        final FileStamp later = new FileStamp(10, 1_600_000_001L, 500, 0640);
        try (PartFile part = new PartFile(target, later)) {
            assertEquals(0, part.resumeBytes());
        }
        leave("01234");
        try (PartFile part = new PartFile(target, new FileStamp(11, 1_600_000_000L, 500, 0640))) {
            assertEquals(0, part.resumeBytes());
        }
    }

    @Test
    void startsAnewWhenThePartFileIsShorterThanTheJournalSays() throws Exception {
        leave("01234");
        Files.writeString(directory.resolve(".file.longhaul-part"), "01");
        try (PartFile part = new PartFile(target, STAMP)) {
            assertEquals(0, part.resumeBytes());
        }
    }

    @Test
    void dropsWhatLiesBeyondTheJournal() throws Exception {
        leave("01234");
        Files.writeString(directory.resolve(".file.longhaul-part"), "01234xxxxxxxxxxxx");
        try (PartFile part = new PartFile(target, STAMP)) {
            assertEquals(5, part.resumeBytes());
            part.write(5, bytes("56789"));
            part.commit();
        }
        assertEquals("0123456789", Files.readString(target));
    }

    @Test
    void restartForgetsThePrefix() throws Exception {
        leave("wrong");
        try (PartFile part = new PartFile(target, STAMP)) {
            part.restart();
            part.write(0, bytes("0123456789"));
            part.commit();
        }
        assertEquals("0123456789", Files.readString(target));
    }

    @Test
    void refusesASecondCopyToTheSameTarget() throws Exception {
        try (PartFile part = new PartFile(target, STAMP)) {
            final RefusalException e = assertThrows(RefusalException.class, () -> new PartFile(target, STAMP));
            assertEquals(RefusalCode.BUSY, e.code());
            part.write(0, bytes("0123456789"));
            part.commit();
        }
        try (PartFile again = new PartFile(target, STAMP)) {
            assertEquals(0, again.resumeBytes());
        }
        assertEquals("0123456789", Files.readString(target));
    }

    @Test
    void discardLeavesNothing() throws Exception {
        try (PartFile part = new PartFile(target, STAMP)) {
            part.write(0, bytes("01234"));
            part.discard();
        }
        assertEquals(0, count());
    }

    @Test
    void nothingReceivedLeavesNothing() throws Exception {
        new PartFile(target, STAMP).close();
        assertEquals(0, count());
    }

    @Test
    void doesNotFollowALinkInPlaceOfThePartFile() throws Exception {
        final Path victim = Files.writeString(directory.resolve("victim"), "precious");
        Files.createSymbolicLink(directory.resolve(".file.longhaul-part"), victim);
        assertThrows(IOException.class, () -> new PartFile(target, STAMP));
        assertEquals("precious", Files.readString(victim));
    }

    @Test
    void takesTheLongestNames() throws Exception {
        final Path longest = directory.resolve("n".repeat(255));
        try (PartFile part = new PartFile(longest, STAMP)) {
            part.write(0, bytes("0123456789"));
            part.commit();
        }
        assertEquals("0123456789", Files.readString(longest));
    }

    @Test
    void aJournalSurvivesATornWrite() {
        final int length = PartJournal.RECORD_BYTES;
        final FileStamp stamp = new FileStamp(10, 5, 6, -1);
        final ByteBuffer file = ByteBuffer.allocate(2 * length);
        file.put(
                0,
                PartJournal.encode(new PartJournal.Entry(2, stamp, 200, 250, 9), 7)
                        .array());
        file.put(
                length,
                PartJournal.encode(new PartJournal.Entry(3, stamp, 300, 350, 9), 7)
                        .array());
        assertEquals(
                new PartJournal.Entry(3, stamp, 300, 350, 9),
                PartJournal.newest(file).orElseThrow());
        file.put(length + 44, (byte) 99);
        assertEquals(200, PartJournal.newest(file).orElseThrow().forcedBytes());
        file.put(3, (byte) 99);
        assertEquals(Optional.empty(), PartJournal.newest(file));
    }

    @Test
    void afterAnotherBootOnlyForcedBytesCount() {
        final PartJournal.Entry entry = new PartJournal.Entry(1, STAMP, 100, 900, 5);
        assertEquals(900, entry.keptBytes(5));
        assertEquals(100, entry.keptBytes(6));
        assertEquals(100, new PartJournal.Entry(1, STAMP, 100, 900, 0).keptBytes(0));
    }

    @Test
    void aJournalOfGarbageSaysNothing() {
        final SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 10_000; i++) {
            final byte[] bytes = new byte[random.nextInt(200)];
            random.nextBytes(bytes);
            assertTrue(PartJournal.newest(ByteBuffer.wrap(bytes)).isEmpty());
        }
    }

    private void leave(String text) throws Exception {
        try (PartFile part = new PartFile(target, STAMP)) {
            part.restart();
            part.write(0, bytes(text));
        }
    }

    private long count() throws IOException {
        try (Stream<Path> all = Files.list(directory)) {
            return all.count();
        }
    }

    private static ByteBuffer bytes(String text) {
        return ByteBuffer.wrap(text.getBytes(java.nio.charset.StandardCharsets.US_ASCII));
    }
}
