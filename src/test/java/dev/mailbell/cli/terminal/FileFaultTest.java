package dev.mailbell.cli.terminal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileFaultTest {
    private static String why(Path file) {
        return FileFault.of(catchThrowableOfType(IOException.class, () -> Files.readString(file)));
    }

    @Test
    void a_message_says_why_a_file_cannot_be_read_and_does_not_repeat_its_name(
            @TempDir Path directory) throws IOException {
        assertThat(why(directory.resolve("none"))).isEqualTo("there is no such file or folder");
        assertThat(why(directory)).isEqualTo("Is a directory");
        Path latin1 = Files.write(directory.resolve("latin-1"), new byte[] {(byte) 0xfc});
        assertThat(why(latin1)).isEqualTo("it is not UTF-8");
        assertThat(FileFault.of(new AccessDeniedException("/etc/shadow")))
                .isEqualTo("this user may not do that");
        assertThat(FileFault.of(new FileSystemException("/x", null, "No space left on device")))
                .isEqualTo("No space left on device");
    }
}
