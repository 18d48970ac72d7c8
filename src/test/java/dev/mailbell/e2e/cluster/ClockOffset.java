package dev.mailbell.e2e.cluster;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.ReturnInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.ClassFileTransformer;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.ProtectionDomain;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.zip.ZipEntry;
import org.jspecify.annotations.Nullable;

/**
 * A Java agent that sets the wall clock of its process off: all clocks of {@code java.time}. {@link
 * System#currentTimeMillis} stays as it is.
 */
public final class ClockOffset {
    private static final String CLOCK = "java/time/Clock";
    private static final List<String> SOURCES =
            List.of("java.time.Clock$SystemClock", "java.time.Clock$SystemInstantSource");
    private static final long TOLERANCE_MILLIS = 60_000;

    private ClockOffset() {}

    /** The option of Java by which a process is so much ahead. */
    static String option(Path folder, Duration ahead) throws IOException {
        Path jar = Files.createTempFile(folder, "clock-offset", ".jar");
        Manifest manifest = new Manifest();
        Attributes attributes = manifest.getMainAttributes();
        attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
        attributes.putValue("Premain-Class", ClockOffset.class.getName());
        attributes.putValue("Can-Retransform-Classes", "true");
        try (OutputStream file = Files.newOutputStream(jar);
                JarOutputStream out = new JarOutputStream(file, manifest)) {
            for (Class<?> type : List.of(ClockOffset.class, Transformer.class)) {
                String name = type.getName().replace('.', '/') + ".class";
                out.putNextEntry(new ZipEntry(name));
                try (InputStream in = type.getResourceAsStream("/" + name)) {
                    if (in == null) {
                        throw new IOException("no class file " + name);
                    }
                    in.transferTo(out);
                }
            }
        }
        return "-javaagent:" + jar + "=" + ahead.toMillis();
    }

    /** Called by Java before the program's main method. */
    public static void premain(String millisAhead, Instrumentation instrumentation)
            throws Exception {
        long millis = Long.parseLong(millisAhead);
        instrumentation.addTransformer(new Transformer(millis), true);
        instrumentation.retransformClasses(
                Clock.class, Class.forName(SOURCES.get(0)), Class.forName(SOURCES.get(1)));
        for (long now :
                new long[] {
                    Instant.now().toEpochMilli(),
                    Clock.systemUTC().millis(),
                    InstantSource.system().millis()
                }) {
            if (Math.abs(now - System.currentTimeMillis() - millis) > TOLERANCE_MILLIS) {
                throw new IllegalStateException("the clock could not be set off");
            }
        }
    }

    private static final class Transformer implements ClassFileTransformer {
        private static final ClassDesc INSTANT = ClassDesc.of("java.time.Instant");

        private final long millis;

        Transformer(long millis) {
            this.millis = millis;
        }

        @Override
        public byte @Nullable [] transform(
                @Nullable ClassLoader loader,
                @Nullable String name,
                @Nullable Class<?> redefined,
                @Nullable ProtectionDomain domain,
                byte[] octets) {
            boolean clock = CLOCK.equals(name);
            if (!clock && !SOURCES.contains(String.valueOf(name).replace('/', '.'))) {
                return null;
            }
            ClassFile format = ClassFile.of();
            return format.transformClass(
                    format.parse(octets),
                    ClassTransform.transformingMethodBodies(
                            method -> isChanged(method, clock),
                            (builder, element) -> change(builder, element, clock)));
        }

        private static boolean isChanged(MethodModel method, boolean clock) {
            return method.methodName().equalsString(clock ? "currentInstant" : "millis");
        }

        private void change(CodeBuilder builder, CodeElement element, boolean clock) {
            if (element instanceof ReturnInstruction) {
                builder.loadConstant(millis);
                if (clock) {
                    builder.invokevirtual(
                            INSTANT,
                            "plusMillis",
                            MethodTypeDesc.ofDescriptor("(J)Ljava/time/Instant;"));
                } else {
                    builder.ladd();
                }
            }
            builder.with(element);
        }
    }
}
