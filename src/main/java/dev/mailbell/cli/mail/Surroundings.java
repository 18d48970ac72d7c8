package dev.mailbell.cli.mail;

import java.io.InputStream;
import java.util.Map;

/**
 * What a command gets from its process.
 *
 * @param input the standard input
 * @param environment the variables
 */
record Surroundings(InputStream input, Map<String, String> environment) {
    static Surroundings ofProcess() {
        return new Surroundings(System.in, System.getenv());
    }
}
