package dev.mailbell.config;

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
    @TempDir private Path folder;
    private Path file;
    private FileWatch watch;
    private final List<String> taken = new ArrayList<>();

    @BeforeEach
    void begin() throws IOException {
        file = folder.resolve("mailbell.yaml");
        Files.writeString(file, "one");
        watch = watching(file);
    }

    private FileWatch watching(Path path) {
        return new FileWatch(
                () -> FileStamp.of(path), FileStamp.of(path), () -> taken.add(text(path)));
    }

    private static String text(Path path) {
        try {
            return Files.exists(path) ? Files.readString(path) : "nothing";
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private void look(int times) {
        for (int i = 0; i < times; i++) {
            watch.look();
        }
    }

    @Test
    void a_file_that_stays_is_not_read_again() throws IOException {
        look(3);
        Files.readString(file);
        look(3);
        assertThat(taken).isEmpty();
    }

    @Test
    void a_changed_file_is_taken_at_the_second_look_and_once() throws IOException {
        Files.writeString(file, "two!");
        look(1);
        assertThat(taken).isEmpty();
        look(1);
        assertThat(taken).containsExactly("two!");
        look(3);
        assertThat(taken).hasSize(1);
    }

    @Test
    void a_file_still_being_written_is_waited_for() throws IOException {
        StringBuilder text = new StringBuilder();
        for (String part : new String[] {"two", " and", " a", " half"}) {
            Files.writeString(file, text.append(part));
            look(1);
        }
        assertThat(taken).isEmpty();
        look(1);
        assertThat(taken).containsExactly("two and a half");
    }

    @Test
    void a_file_put_in_its_place_is_noticed_even_when_it_is_as_old_and_as_long()
            throws IOException {
        FileTime age = Files.getLastModifiedTime(file);
        Path other = Files.writeString(folder.resolve("mailbell.yaml~"), "two");
        Files.setLastModifiedTime(other, age);
        Files.move(
                other, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        look(2);
        assertThat(taken).containsExactly("two");
    }

    @Test
    void an_editor_that_removes_and_writes_anew_is_survived() throws IOException {
        Files.delete(file);
        look(1);
        Files.writeString(file, "two");
        look(2);
        assertThat(taken).containsExactly("two");
    }

    @Test
    void a_file_that_stays_away_is_told_once() throws IOException {
        Files.delete(file);
        look(5);
        assertThat(taken).containsExactly("nothing");
        Files.writeString(file, "back");
        look(3);
        assertThat(taken).containsExactly("nothing", "back");
    }

    @Test
    void links_swapped_as_kubernetes_does_are_noticed() throws IOException {
        FileTime age = Files.getLastModifiedTime(file);
        for (String version : new String[] {"one", "two"}) {
            Path mounted = Files.createDirectory(folder.resolve(".." + version));
            Files.setLastModifiedTime(
                    Files.writeString(mounted.resolve("mounted.yaml"), version), age);
        }
        Path data = Files.createSymbolicLink(folder.resolve("..data"), Path.of("..one"));
        Path link =
                Files.createSymbolicLink(
                        folder.resolve("mounted.yaml"), Path.of("..data/mounted.yaml"));
        watch = watching(link);
        look(2);
        assertThat(taken).isEmpty();
        Path swap = Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..two"));
        Files.move(swap, data, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        look(2);
        assertThat(taken).containsExactly("two");
    }
}
