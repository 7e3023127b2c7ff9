package io.quorate.distribution.architecture;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.assignableTo;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaModifier;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The rules of the house. Each is a sentence, with its reason. */
class ArchitectureTest {

    private static final String HANDSHAKE = "io.quorate.registry.session.Handshake";
    private static final String PEER_SESSION = "io.quorate.registry.session.PeerSession";
    private static final String SINK = "io.quorate.spi.transport.ConnectionSink";
    private static final String CONNECTION = "io.quorate.spi.transport.Connection";
    private static final String STREAM = "io.quorate.spi.transport.RpcStream";
    private static final List<String> TRANSPORTS = List.of("transport-tcp", "transport-quic");

    @Test
    void testsRunOnTheModulePath() {
        assertTrue(getClass().getModule().isNamed());
    }

    @Test
    void onlyTheHandshakeMakesAPeerSession() {
        // Accesses, not calls: a method reference to the constructor would go unnoticed otherwise.
        Set<String> makers = House.all().stream()
            .flatMap(type -> type.getAccessesFromSelf().stream())
            .filter(access -> access.getTargetOwner().getName().equals(PEER_SESSION))
            .filter(access -> access.getName().equals("<init>"))
            .filter(access -> !access.getOriginOwner().getName().equals(PEER_SESSION))
            .map(access -> access.getOriginOwner().getName())
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of(HANDSHAKE), makers, "a session is made where evidence was judged, and nowhere else:"
            + " a second way in is how an accepted peer once stayed without its certificate");
        JavaClass session = House.require(PEER_SESSION);
        assertTrue(session.getConstructors().stream().noneMatch(c -> c.getModifiers().contains(JavaModifier.PUBLIC)
            || c.getModifiers().contains(JavaModifier.PROTECTED)), "its constructors stay within the package");
        assertTrue(session.getModifiers().contains(JavaModifier.FINAL), "no subclass makes one in its stead");
    }

    @Test
    void thereIsExactlyOneConnectionSink() {
        Set<String> sinks = House.production().stream()
            .filter(type -> type.isAssignableTo(SINK) && !type.getName().equals(SINK))
            .map(JavaClass::getName)
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of("io.quorate.registry.session.ConnectionGate"), sinks,
            "dialed and accepted connections of every transport take one path");
        Set<String> lambdas = House.production().stream()
            .flatMap(type -> type.getMethods().stream())
            .filter(method -> method.getName().equals("onConnection"))
            .map(method -> method.getOwner().getName())
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of(SINK, "io.quorate.registry.session.ConnectionGate"), lambdas);
    }

    @Test
    void everyTransportHandsItsConnectionsToTheSink() {
        for (String module : TRANSPORTS) {
            Set<String> deliverers = House.of(module).stream()
                .flatMap(type -> type.getAccessesFromSelf().stream())
                .filter(access -> access.getTargetOwner().getName().equals(SINK)
                    && access.getName().equals("onConnection"))
                .map(access -> access.getOriginOwner().getName())
                .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(1, deliverers.size(), () -> module + ": one class delivers, whatever the origin: "
                + deliverers);
            JavaClass connection = only(module, CONNECTION);
            Set<String> makers = House.of(module).stream()
                .flatMap(type -> type.getAccessesFromSelf().stream())
                .filter(access -> access.getTargetOwner().equals(connection) && access.getName().equals("<init>"))
                .map(access -> access.getOriginOwner().getName())
                .filter(maker -> !maker.equals(connection.getName()))
                .collect(Collectors.toCollection(TreeSet::new));
            assertEquals(deliverers, makers, () -> module + ": whoever makes a connection gives it to the sink, and "
                + "nobody else makes one: a second way is how an accepted peer once stayed without its certificate");
        }
    }

    @Test
    void transportsKnowNeitherPeersNorIdentitiesNorConsensus() {
        noClasses().that().resideInAPackage("io.quorate.transport..")
            .should().dependOnClassesThat().resideInAnyPackage("io.quorate.registry..", "io.quorate.identity..",
                "io.quorate.spi.identity..", "io.quorate.spi.consensus..", "io.quorate.raft..", "io.quorate.client..")
            .because("a transport yields evidence, never a session or a verdict")
            .check(House.all());
        noClasses().that().resideInAPackage("io.quorate.transport..")
            .should().dependOnClassesThat().haveFullyQualifiedName("io.quorate.api.NodeId")
            .because("a transport knows addresses, not nodes")
            .check(House.all());
        noClasses().that().resideInAPackage("io.quorate.transport.tcp..")
            .should().dependOnClassesThat().resideInAPackage("io.quorate.transport.quic..")
            .because("each can be left out").check(House.all());
        noClasses().that().resideInAPackage("io.quorate.transport.quic..")
            .should().dependOnClassesThat().resideInAPackage("io.quorate.transport.tcp..")
            .because("each can be left out").check(House.all());
    }

    @Test
    void theStreamsOfATransportAreUnreachableFromEachOther() {
        for (String module : TRANSPORTS) {
            JavaClass stream = only(module, STREAM);
            Set<String> wrong = new TreeSet<>();
            for (JavaClass type : House.of(module)) {
                int held = 0;
                for (JavaField field : type.getFields()) {
                    if (field.getType().getAllInvolvedRawTypes().contains(stream)) {
                        held++;
                        if (!field.getRawType().equals(stream) && !field.getRawType().isEquivalentTo(Optional.class)) {
                            wrong.add(field.getFullName() + " holds many streams");
                        }
                        if (type.equals(stream)) {
                            wrong.add(field.getFullName() + ": a stream knows another");
                        }
                    }
                }
                if (held > 1) {
                    wrong.add(type.getName() + " holds " + held + " streams");
                }
                for (JavaCodeUnit method : type.getCodeUnits()) {
                    if (method.getRawParameterTypes().stream().filter(stream::equals).count() > 1) {
                        wrong.add(method.getFullName() + " sees two streams");
                    }
                }
            }
            assertEquals(Set.of(), wrong, () -> module + ": nothing that happens to one call may touch another's "
                + "state, and what cannot be reached cannot be touched");
        }
    }

    private static JavaClass only(String module, String contract) {
        List<JavaClass> found = House.of(module).stream()
            .filter(type -> type.isAssignableTo(contract) && !type.isInterface()).toList();
        assertEquals(1, found.size(), () -> module + ": implementations of " + contract + ": " + found);
        return found.get(0);
    }

    @Test
    void theRaftCoreIsPure() {
        classes().that().resideInAPackage("io.quorate.raft.core..")
            .should().onlyDependOnClassesThat(
                resideInAnyPackage("java.lang", "java.lang.invoke", "java.lang.runtime", "java.util",
                    "java.util.function", "java.util.random", "java.util.stream", "io.quorate.api",
                    "io.quorate.spi.consensus", "io.quorate.spi.transport", "io.quorate.spi.wire",
                    "io.quorate.raft.core..", "io.quorate.raft.log..")
                    .or(assignableTo(java.util.zip.Checksum.class)).or(assignableTo(java.nio.ByteBuffer.class))
                    .or(describe("is an array or a primitive", type -> type.isArray() || type.isPrimitive())))
            .because("the core decides and the driver performs: the same core runs in the simulation")
            .check(House.all());
        noClasses().that().resideInAPackage("io.quorate.raft.core..")
            .should().dependOnClassesThat(
                assignableTo(Thread.class).or(assignableTo(java.util.Random.class))
                    .or(assignableTo(java.util.Timer.class)).or(assignableTo(java.util.UUID.class))
                    .or(assignableTo(java.util.random.RandomGeneratorFactory.class))
                    .or(assignableTo("io.quorate.spi.transport.Transport"))
                    .or(assignableTo("io.quorate.spi.transport.Connection"))
                    .or(assignableTo("io.quorate.raft.log.FileLogStore")))
            .because("it has no thread, network, file or random source of its own")
            .check(House.all());
        noClasses().that().resideInAPackage("io.quorate.raft.core..")
            .should().callMethod(System.class, "nanoTime")
            .orShould().callMethod(System.class, "currentTimeMillis")
            .orShould().callMethod(Math.class, "random")
            .because("time and chance come in as arguments")
            .check(House.all());
    }

    @Test
    void guiceIsKnownInTheCompositionRootAlone() {
        noClasses().that(not(resideInAPackage("io.quorate.distribution.compose..")))
            .should().dependOnClassesThat().resideInAnyPackage("com.google.inject..", "jakarta.inject..")
            .because("everything can be made with constructors; only the composition root wires")
            .check(House.all());
        assertTrue(House.of("distribution").stream()
            .filter(type -> type.getPackageName().startsWith("io.quorate.distribution.compose"))
            .flatMap(type -> type.getDirectDependenciesFromSelf().stream())
            .anyMatch(d -> d.getTargetClass().getPackageName().startsWith("com.google.inject")));
    }

    @Test
    void junitIsKnownInTestingAlone() {
        noClasses().that(not(resideInAPackage("io.quorate.testing..")))
            .should().dependOnClassesThat().resideInAnyPackage("org.junit..")
            .check(House.all());
    }

    @Test
    void nothingIsSerializedByJava() {
        noClasses().should().dependOnClassesThat(
                assignableTo(ObjectInputStream.class).or(assignableTo(ObjectOutputStream.class)))
            .because("bytes from outside become objects only through bounded readers of our own")
            .check(House.all());
        Set<String> serializable = House.production().stream()
            .filter(type -> type.isAssignableTo(Serializable.class) && !type.isInterface())
            .filter(type -> !type.isAssignableTo(Throwable.class) && !type.isEnum()
                && !type.isAssignableTo(Enum.class))
            // Java's own types bring the interface along; none of ours is ever written.
            .filter(type -> !type.isAssignableTo(java.security.cert.X509Certificate.class)
                && !type.isAssignableTo(java.util.Collection.class) && !type.isAssignableTo(java.util.Map.class)
                && !type.isAssignableTo(Number.class))
            .map(JavaClass::getName)
            .collect(Collectors.toCollection(TreeSet::new));
        assertEquals(Set.of(), serializable);
    }

    @Test
    void packagesFormNoCycles() {
        slices().matching("io.quorate.(**)").should().beFreeOfCycles()
            .because("what is tangled can be neither understood nor replaced")
            .check(House.all());
    }

    @Test
    void theProcessIsEndedByTheCommandAlone() {
        noClasses().that(not(resideInAPackage("io.quorate.distribution..")))
            .should().callMethod(System.class, "exit", int.class)
            .orShould().callMethod(Runtime.class, "halt", int.class)
            .because("an embedded node must not end its host")
            .check(House.all());
    }
}
