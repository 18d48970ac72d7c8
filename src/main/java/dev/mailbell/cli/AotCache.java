package dev.mailbell.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The AOT cache that the launcher lets Java write or map. The launcher keeps a cache only if the
 * daemon that wrote it has served. A cache that Java refuses to map is deleted, so that the next
 * start writes a new one.
 */
final class AotCache {
    private AotCache() {}

    /** Marks the cache of this process as worth keeping, because the daemon serves. */
    static void served() {
        try {
            String marker = System.getProperty("mailbell.cache.mark", "");
            if (!marker.isEmpty()) {
                Files.writeString(Path.of(marker), "");
            }
            String cache = System.getProperty("mailbell.cache", "");
            if (!cache.isEmpty() && !isMapped(cache)) {
                Files.deleteIfExists(Path.of(cache));
                log().info("The AOT cache {} does not fit this Java; it is made anew", cache);
            }
        } catch (IOException e) {
            log().debug("The AOT cache is left as it is: {}", e.toString());
        }
    }

    /** Called when the daemon has stopped: Java may write its cache before it ends. */
    static void stopped() {
        if (!System.getProperty("mailbell.cache.mark", "").isEmpty()) {
            log().info("Java writes its AOT cache, once after a build; another signal ends it");
        }
    }

    /** On systems without {@code /proc/self/maps}, a cache counts as mapped. */
    private static boolean isMapped(String cache) throws IOException {
        Path maps = Path.of("/proc/self/maps");
        if (!Files.isReadable(maps)) {
            return true;
        }
        try (var lines = Files.lines(maps)) {
            return lines.anyMatch(line -> line.endsWith(cache));
        }
    }

    private static Logger log() {
        return LoggerFactory.getLogger(AotCache.class);
    }
}
