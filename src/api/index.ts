export * from './client';
export * from './events';
export * from './request';
export * from './tokens';
export * from './types';
