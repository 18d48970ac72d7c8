package dev.mailbell.config.reload;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files change in more ways than one. */
class FileWatchTest {
    @TempDir private Path directory;
    private Path file;
    private FileWatch watch;
    private final List<String> loaded = new ArrayList<>();

    @BeforeEach
    void setUp() throws IOException {
        file = directory.resolve("mailbell.yaml");
        Files.writeString(file, "one");
        watch = watch(file);
    }

    private FileWatch watch(Path path) {
        return new FileWatch(
                () -> FileStamp.of(path), FileStamp.of(path), () -> loaded.add(text(path)));
    }

    private static String text(Path path) {
        try {
            return Files.exists(path) ? Files.readString(path) : "nothing";
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void poll(int times) {
        for (int i = 0; i < times; i++) {
            watch.poll();
        }
    }

    @Test
    void an_unchanged_file_is_not_read_again() throws IOException {
        poll(3);
        Files.readString(file);
        poll(3);
        assertThat(loaded).isEmpty();
    }

    @Test
    void a_changed_file_is_read_at_the_second_poll_and_once() throws IOException {
        Files.writeString(file, "two!");
        poll(1);
        assertThat(loaded).isEmpty();
        poll(1);
        assertThat(loaded).containsExactly("two!");
        poll(3);
        assertThat(loaded).hasSize(1);
    }

    @Test
    void a_file_is_not_read_while_it_is_written() throws IOException {
        StringBuilder text = new StringBuilder();
        for (String part : new String[] {"two", " and", " a", " half"}) {
            Files.writeString(file, text.append(part));
            poll(1);
        }
        assertThat(loaded).isEmpty();
        poll(1);
        assertThat(loaded).containsExactly("two and a half");
    }

    @Test
    void a_replacement_of_the_same_age_and_size_is_noticed() throws IOException {
        FileTime age = Files.getLastModifiedTime(file);
        Path other = Files.writeString(directory.resolve("mailbell.yaml~"), "two");
        Files.setLastModifiedTime(other, age);
        Files.move(
                other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        poll(2);
        assertThat(loaded).containsExactly("two");
    }

    @Test
    void an_editor_may_remove_the_file_and_write_it_again() throws IOException {
        Files.delete(file);
        poll(1);
        // Of another length: a file system may give it the number of the removed file, and both
        // were written within one tick of its clock.
        Files.writeString(file, "two!");
        poll(2);
        assertThat(loaded).containsExactly("two!");
    }

    @Test
    void a_missing_file_is_reported_once() throws IOException {
        Files.delete(file);
        poll(5);
        assertThat(loaded).containsExactly("nothing");
        Files.writeString(file, "back");
        poll(3);
        assertThat(loaded).containsExactly("nothing", "back");
    }

    @Test
    void links_swapped_as_kubernetes_does_are_noticed() throws IOException {
        FileTime age = Files.getLastModifiedTime(file);
        for (String version : new String[] {"one", "two"}) {
            Path mounted = Files.createDirectory(directory.resolve(".." + version));
            Files.setLastModifiedTime(
                    Files.writeString(mounted.resolve("mounted.yaml"), version), age);
        }
        Path data = Files.createSymbolicLink(directory.resolve("..data"), Path.of("..one"));
        Path link =
                Files.createSymbolicLink(
                        directory.resolve("mounted.yaml"), Path.of("..data/mounted.yaml"));
        watch = watch(link);
        poll(2);
        assertThat(loaded).isEmpty();
        Path swap = Files.createSymbolicLink(directory.resolve("..data_tmp"), Path.of("..two"));
        Files.move(swap, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        poll(2);
        assertThat(loaded).containsExactly("two");
    }
}
