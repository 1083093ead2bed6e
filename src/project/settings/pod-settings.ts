import { z } from 'zod';

/** Where steps with `isolation: 'kubernetes'` work. The cluster is the one that this process is in, or that of its kubeconfig. */
export interface KubernetesDefinition {
  /** Holds Millrace, the project in its working folder, and what its code needs. */
  readonly image: string;
  /** Default: `default`. */
  readonly namespace?: string;
  readonly serviceAccount?: string;
  /** Secrets whose keys are variables of the pod's environment. */
  readonly secrets?: readonly string[];
  /** CPUs that a pod asks for, such as `500m`. Default: what the cluster gives. */
  readonly cpu?: string;
  /** What starts Millrace in the image. Default: `npx millrace`. */
  readonly command?: readonly string[];
  /** How long a pod may take to start working: to find a machine, to fetch its image. Default 300. */
  readonly startSeconds?: number;
}

export const kubernetesSchema: z.ZodType<KubernetesDefinition> = z.strictObject({
  image: z.string().min(1),
  namespace: z.string().min(1).optional(),
  serviceAccount: z.string().min(1).optional(),
  secrets: z.array(z.string().min(1)).optional(),
  cpu: z.string().min(1).optional(),
  command: z.array(z.string().min(1)).min(1).optional(),
  startSeconds: z.number().positive().optional(),
}) as unknown as z.ZodType<KubernetesDefinition>;
