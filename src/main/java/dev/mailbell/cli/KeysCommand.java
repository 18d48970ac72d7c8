package dev.mailbell.cli;

import dev.mailbell.secret.KeyInfo;
import dev.mailbell.secret.Keyring;
import java.io.PrintWriter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

@Command(
        name = "keys",
        description = "Shows and rotates the keys that encrypt mail passwords and webhook secrets.",
        mixinStandardHelpOptions = true)
final class KeysCommand implements Runnable {
    @Spec private CommandSpec spec = CommandSpec.create();

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "What about the keys?");
    }

    @Command(
            name = "list",
            description = "Lists the keys by their ids; the material is never shown.",
            mixinStandardHelpOptions = true)
    void list(@Mixin ConfigOption config) {
        Keyring keyring = Keyring.openExisting(config.load().keyset());
        PrintWriter out = spec.commandLine().getOut();
        for (KeyInfo key : keyring.keys()) {
            out.println(key.id() + (key.primary() ? "  encrypts and decrypts" : "  decrypts"));
        }
    }

    @Command(
            name = "rotate",
            description = {
                "Adds a key that encrypts from now on; the older ones still decrypt.",
                "A running daemon takes the new key up by itself."
            },
            mixinStandardHelpOptions = true)
    void rotate(@Mixin ConfigOption config) {
        Keyring.openExisting(config.load().keyset()).rotate();
        spec.commandLine()
                .getOut()
                .println("A new key encrypts from now on. Back up the keyset file.");
    }
}
