package dev.mailbell.api.http;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;

/** Files of the class path that the server sends as they are. */
public final class ClassPathFiles {
    private ClassPathFiles() {}

    public static byte[] bytes(String name) {
        try (InputStream in = open(name)) {
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(name + " is not readable", e);
        }
    }

    /**
     * The version of a webjar, which is in the paths of its files.
     *
     * @param pom the path of its {@code pom.properties}
     */
    public static String webjarVersion(String pom) {
        Properties properties = new Properties();
        try (InputStream in = open(pom)) {
            properties.load(in);
        } catch (IOException e) {
            throw new UncheckedIOException(pom + " is not readable", e);
        }
        return properties.getProperty("version");
    }

    private static InputStream open(String name) {
        InputStream in = ClassPathFiles.class.getClassLoader().getResourceAsStream(name);
        if (in == null) {
            throw new IllegalStateException(name + " is missing from the class path");
        }
        return in;
    }
}
