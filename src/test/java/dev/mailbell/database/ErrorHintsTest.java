package dev.mailbell.database;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ErrorHintsTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    FATAL: could not write lock file: No space left on device | the disk is full
                    ERROR: could not extend file "base/1": wrote only 4096 of 8192 bytes | the disk is full
                    FATAL: could not open file "PG_VERSION": Permission denied | check the owner
                    postgres: error while loading shared libraries: libz.so.1 | a library is missing
                    FATAL: could not map anonymous shared memory: Cannot allocate memory | too little memory
                    initdb: error: could not look up effective user ID 123456: user does not exist | set database.url
                    FATAL: something new | PostgreSQL says
                    """)
    void an_error_message_of_postgresql_is_kept_and_gets_a_remedy(String complaint, String remedy) {
        assertThat(ErrorHints.of(complaint)).contains(remedy).endsWith(complaint);
    }
}
