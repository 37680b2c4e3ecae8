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
package io.longhaul.endpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.List;
import java.util.ResourceBundle;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RateLimitedLogTest {
    private final List<String> lines = new ArrayList<>();
    private @Nullable Throwable failure;

    private final RateLimitedLog log = new RateLimitedLog(new Logger() {
        @Override
        public String getName() {
            return "test";
        }

        @Override
        public boolean isLoggable(Level level) {
            return level != Level.DEBUG;
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String text, @Nullable Throwable thrown) {
            take(text);
        }

        @Override
        public void log(Level level, @Nullable ResourceBundle bundle, String format, @Nullable Object... params) {
            take(format);
        }
    });

    private void take(String text) {
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure instanceof RuntimeException exception) {
            throw exception;
        }
        lines.add(text);
    }

    @Test
    void tenLinesASecondAndACountOfTheOthers() {
        for (int i = 0; i < 30; i++) {
            log.log(Level.WARNING, "line " + i);
            log.log(Level.DEBUG, "nobody reads this");
        }
        assertEquals(10, lines.size());
    }

    @Test
    void aLoggerThatFailsEndsNobody() {
        // What the JDK throws where no descriptor is left, and what it needs a file for is not loaded yet.
        failure = new Error("java.io.FileNotFoundException: tzdb.dat (Too many open files)");
        log.log(Level.WARNING, "first");
        log.log(Level.WARNING, "second", new IllegalStateException());
        failure = new IllegalStateException("closed");
        log.log(Level.WARNING, "third");
        failure = null;
        log.log(Level.WARNING, "fourth");
        assertEquals(List.of("fourth (3 lines left out)"), lines);
    }
}
