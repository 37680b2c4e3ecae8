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
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServedRootTest {
    @TempDir
    Path temporary;

    private Path outside;
    private Path directory;
    private ServedRoot root;

    @BeforeEach
    void makeTree() throws IOException {
        directory = Files.createDirectories(temporary.resolve("root"));
        outside = Files.createDirectories(temporary.resolve("outside"));
        Files.writeString(outside.resolve("secret"), "secret");
        Files.createDirectories(directory.resolve("sub/deeper"));
        Files.writeString(directory.resolve("sub/file"), "file");
        Files.createSymbolicLink(directory.resolve("linkOut"), outside);
        Files.createSymbolicLink(directory.resolve("fileOut"), outside.resolve("secret"));
        Files.createSymbolicLink(directory.resolve("linkIn"), directory.resolve("sub"));
        Files.createSymbolicLink(directory.resolve("loop"), directory.resolve("loop"));
        root = new ServedRoot(directory);
    }

    @Test
    void findsWhatIsBelow() throws Exception {
        assertEquals(root.path().resolve("sub/file"), root.source("sub/file"));
        assertEquals(root.path().resolve("sub/file"), root.source("./sub//file"));
        assertEquals(root.path().resolve("sub/file"), root.source("linkIn/file"));
        assertEquals(root.path().resolve("sub/new"), root.target("sub/new", "name"));
        assertEquals(root.path().resolve("sub/name"), root.target("sub", "name"));
        assertEquals(root.path().resolve("sub/name"), root.target("sub/", "name"));
        assertEquals(root.path().resolve("name"), root.target("", "name"));
        assertEquals(root.path().resolve("sub/new"), root.target("linkIn/new", "name"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/passwd",
                "..",
                "../outside/secret",
                "sub/../../outside/secret",
                "sub/..",
                "linkOut/secret",
                "fileOut",
                "/"
            })
    void refusesToReadOutside(String path) {
        assertEquals(RefusalCode.OUTSIDE_ROOT, source(path).code());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/etc/new",
                "../new",
                "sub/../../new",
                "linkOut/new",
                "linkOut/",
                "linkOut",
                "sub/../new",
                "..",
                "../"
            })
    void refusesToWriteOutside(String path) {
        assertEquals(RefusalCode.OUTSIDE_ROOT, target(path, "name").code());
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "a/b", "", ".", "a\0b", "../x"})
    void refusesNamesThatAreNone(String name) {
        final RefusalCode code = target("sub", name).code();
        assertEquals(name.equals("..") ? RefusalCode.OUTSIDE_ROOT : RefusalCode.BAD_NAME, code);
    }

    @Test
    void refusesNamesThatAreTooLong() {
        assertEquals(RefusalCode.NAME_TOO_LONG, target("ü".repeat(128), "name").code());
        assertEquals(
                RefusalCode.NAME_TOO_LONG, target("a/".repeat(3000), "name").code());
        assertEquals(RefusalCode.NAME_TOO_LONG, source("x".repeat(256)).code());
    }

    @Test
    void refusesWhatCannotBeAName() {
        assertEquals(RefusalCode.BAD_NAME, source("a\0b").code());
        assertEquals(RefusalCode.BAD_NAME, target("sub/.x.longhaul-part", "n").code());
        assertEquals(RefusalCode.BAD_NAME, target("sub/.x.longhaul-state", "n").code());
    }

    @Test
    void refusesWhatIsNotThere() {
        assertEquals(RefusalCode.NOT_FOUND, source("nothing").code());
        assertEquals(RefusalCode.NOT_FOUND, target("nothing/file", "n").code());
        assertEquals(RefusalCode.NOT_FOUND, target("nothing/", "n").code());
        assertEquals(RefusalCode.NOT_A_FILE, target("sub/file/", "n").code());
        assertEquals(RefusalCode.IS_DIRECTORY, source("").code());
    }

    @Test
    void refusesToReplaceADirectory() {
        assertEquals(RefusalCode.IS_DIRECTORY, target("sub", "deeper").code());
    }

    @Test
    void replacesALinkAndNotWhatItPointsTo() throws Exception {
        assertEquals(root.path().resolve("fileOut"), root.target("fileOut", "n"));
    }

    @Test
    void survivesALoopOfLinks() {
        assertThrows(Exception.class, () -> root.source("loop"));
    }

    @Test
    void refusesARootThatIsNoDirectory() {
        assertThrows(IOException.class, () -> new ServedRoot(directory.resolve("sub/file")));
        assertThrows(IOException.class, () -> new ServedRoot(directory.resolve("nothing")));
    }

    private RefusalException source(String path) {
        return assertThrows(RefusalException.class, () -> root.source(path), path);
    }

    private RefusalException target(String path, String name) {
        return assertThrows(RefusalException.class, () -> root.target(path, name), path);
    }
}
